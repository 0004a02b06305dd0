// What keys mean, and when they mean nothing.
import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { fr } from '../i18n/fr.ts';
import { find } from './find.ts';
import { atRest, type Command, keyCommand, type Press } from './keys.ts';
import { isCurrent, places, placesFor } from './places.ts';

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrlOrMeta: false,
  alt: false,
  typing: false,
  atMs: 0,
  ...more,
});

/** Commands of presses, one after the other. */
function commands(presses: readonly Press[], singleKeys = true): readonly Command[] {
  let state = atRest;
  return presses.flatMap((one) => {
    const next = keyCommand(state, one, placesFor('admin'), singleKeys);
    state = next.state;
    return next.command ?? [];
  });
}

describe('keys', () => {
  it('go to a place by g and its letter, and only soon after', () => {
    expect(commands([press('g'), press('a', { atMs: 1400 })])).toEqual([{ kind: 'go', path: '/analysis' }]);
    expect(commands([press('g'), press('a', { atMs: 1600 })])).toEqual([]);
    expect(commands([press('G'), press('Shift'), press('F')])).toEqual([{ kind: 'go', path: '/fleet' }]);
    // A letter that leads nowhere ends it; r is then not half of anything.
    expect(commands([press('g'), press('r'), press('r')])).toEqual([{ kind: 'reload' }]);
  });

  it('mean nothing to who types, or uses the browser’s own', () => {
    for (const more of [{ typing: true }, { ctrlOrMeta: true }, { alt: true }]) {
      expect(commands(['r', '/', '?'].map((key) => press(key, more)))).toEqual([]);
    }
    expect(commands([press('g'), press('f', { typing: true })])).toEqual([]);
  });

  it('of a single letter can be turned off, and Ctrl+K stays', () => {
    const all = [press('?'), press('r'), press('g'), press('f')];
    expect(commands([...all, press('k', { ctrlOrMeta: true, typing: true })], false)).toEqual([
      { kind: 'go-to' },
    ]);
  });
});

describe('places', () => {
  it('have a name in each language, a letter of their own, and room in the bar of a phone', () => {
    for (const words of [en, fr]) for (const { name } of places) expect(words[name]).not.toBe('');
    const letters = places.flatMap(({ key }) => key ?? []);
    expect(new Set(letters).size).toBe(letters.length);
    expect(places.filter(({ bar }) => bar !== null).length).toBeLessThanOrEqual(5);
  });

  it('of management are not for a User', () => {
    expect(placesFor('user').some(({ path }) => path.startsWith('/manage'))).toBe(false);
    expect(placesFor('admin').some(({ path }) => path.startsWith('/manage'))).toBe(true);
  });

  it('are the current one at what they cover, and nowhere else', () => {
    const at = (location: string) =>
      places.filter(({ bar }) => bar !== null && isCurrent(bar, location)).map(({ path }) => path);
    expect(at('/m/TV-01')).toEqual(['/fleet']);
    expect(at('/manage/audit')).toEqual(['/manage/users']);
    expect(at('/machinery')).toEqual([]);
  });
});

describe('find', () => {
  const names = ['TV-01 Évaporateur · Lyon', 'TV-12 Évaporateur · Nantes', 'RF-01 Refroidisseur · Lyon'];
  const found = (typed: string) => find(names, typed, (name) => name);

  it('takes letters without accents, words in any order, a letter missing or wrong', () => {
    expect(found('tv12')).toEqual([names[1]]);
    expect(found('nantes evap')).toEqual([names[1]]);
    expect(found('refroidiseur')).toEqual([names[2]]);
    expect(found('evaporeteur lyon')).toEqual([names[0]]);
    expect(found('zzz')).toEqual([]);
    expect(found(' ')).toEqual(names);
  });
});
