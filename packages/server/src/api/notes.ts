// Routes of the notes on a machine's charts. Whoever sees the machine may write one; its author and the machine's admins may
// delete it, and take that back for a day.
import { randomBytes } from 'node:crypto';
import { type Me, type Note, type Notes, noteRequest } from '@vigie/contract';
import { type Context, Hono } from 'hono';
import { may } from '../accounts/rights.ts';
import type { NoteRecord } from '../store/notes.ts';
import { fail } from './fail.ts';
import { type Env, type Parts, readBody, seen, unknown, wholeNumber } from './parts.ts';

const MOST_NOTES = 500;

export function noteRoutes(parts: Parts): Hono<Env> {
  const { store, clock } = parts;
  const api = new Hono<Env>();
  const shown = (note: NoteRecord, me: Me, mayDeleteAll: boolean): Note => ({
    id: note.id,
    atMs: note.atMs,
    text: note.text,
    author: note.authorName,
    madeAtMs: note.madeAtMs,
    deletable: note.author === me.id || mayDeleteAll,
  });

  api.get('/machines/:id/notes', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const from = wholeNumber(c.req.query('from'), 0);
    const to = wholeNumber(c.req.query('to'), Number.MAX_SAFE_INTEGER);
    if (from === null || to === null)
      return fail(c, 'invalid', 'from and to must be whole numbers of Unix ms.');
    const found = await store.notes(machine.id, from, to, MOST_NOTES);
    const me = c.get('me');
    const mayDeleteAll = may(c.get('actor'), 'delete-notes', machine.id);
    return c.json<Notes>({ notes: found.map((note) => shown(note, me, mayDeleteAll)) });
  });

  api.post('/machines/:id/notes', async (c) => {
    const machine = await seen(parts, c, c.req.param('id'));
    if (machine === null) return unknown(c, c.req.param('id'));
    const body = await readBody(c, noteRequest);
    if (!body.ok) return fail(c, 'invalid', body.message);
    const me = c.get('me');
    const note: NoteRecord = {
      machine: machine.id,
      id: randomBytes(8).toString('hex'),
      ...body.value,
      author: me.id,
      authorName: me.name,
      madeAtMs: clock.utcMs(),
    };
    await store.addNote(note);
    return c.json<Note>(shown(note, me, false));
  });

  /** Finds the note in the condition that the change is from, and checks who asks. */
  const change = async (c: Context<Env>, id: string, note: string, from: 'there' | 'deleted') => {
    const machine = await seen(parts, c, id);
    if (machine === null) return unknown(c, id);
    const found = await store.note(machine.id, note, from);
    if (found === null) return fail(c, 'not-found', 'There is no such note any more.');
    const me = c.get('me');
    if (found.author !== me.id && !may(c.get('actor'), 'delete-notes', machine.id)) {
      return fail(c, 'forbidden', 'Only who wrote a note and admins of the machine may delete it.');
    }
    await (from === 'there' ? store.deleteNote(machine.id, note) : store.restoreNote(machine.id, note));
    return c.body(null, 204);
  };
  api.delete('/machines/:id/notes/:note', (c) => change(c, c.req.param('id'), c.req.param('note'), 'there'));
  api.post('/machines/:id/notes/:note/restore', (c) =>
    change(c, c.req.param('id'), c.req.param('note'), 'deleted'),
  );
  return api;
}
