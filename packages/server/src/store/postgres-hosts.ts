// The hosts of one PostgreSQL, of which one is the primary: `postgres://user@first:5432,second:5433/vigie`.
// Invariant: a host is left only for what went wrong with it, so that many connections that fail at once move on by one.
// Not here: connections (postgres-database.ts).

/** Of a URL with one host or several, one URL each, in their order. */
export function urlsOf(url: string): readonly string[] {
  const [, before = '', hosts = '', after = ''] = /^(\w+:\/\/(?:[^/?]*@)?)([^/?@]*)(.*)$/s.exec(url) ?? [];
  const names = hosts.split(',').filter((name) => name !== '');
  return names.length < 2 ? [url] : names.map((name) => `${before}${name}${after}`);
}

export class PostgresHosts {
  readonly #urls: readonly string[];
  #index = 0;

  constructor(url: string) {
    this.#urls = urlsOf(url);
  }

  get count(): number {
    return this.#urls.length;
  }

  /** Of the one that was the primary last, as far as is known. */
  get current(): string {
    return this.#urls[this.#index] ?? '';
  }

  /** That host does not answer, or is no primary: the next one is tried. */
  leave(url: string): void {
    if (url === this.current) this.#index = (this.#index + 1) % this.#urls.length;
  }
}
