// Addresses with several hosts, as libpq writes them.
import { expect, it } from 'vitest';
import { PostgresHosts, urlsOf } from './postgres-hosts.ts';

it('makes one address of each host', () => {
  expect(urlsOf('postgres://u:p%40@a:5432,b:5433,[::1]:5434/db?sslmode=require')).toEqual([
    'postgres://u:p%40@a:5432/db?sslmode=require',
    'postgres://u:p%40@b:5433/db?sslmode=require',
    'postgres://u:p%40@[::1]:5434/db?sslmode=require',
  ]);
  expect(urlsOf('postgresql://a,b/db')).toEqual(['postgresql://a/db', 'postgresql://b/db']);
  expect(urlsOf('postgres://a/db?x=1,2')).toEqual(['postgres://a/db?x=1,2']);
  expect(urlsOf('postgres://u,v:p,q@a/db')).toEqual(['postgres://u,v:p,q@a/db']);
  expect(urlsOf('postgres:///db?host=/run/postgresql')).toEqual(['postgres:///db?host=/run/postgresql']);
});

it('moves on by one host, however many connections failed', () => {
  const hosts = new PostgresHosts('postgres://a,b,c/db');
  const first = hosts.current;
  for (let i = 0; i < 8; i++) hosts.leave(first);
  expect(hosts.current).toBe('postgres://b/db');
  hosts.leave(hosts.current);
  hosts.leave(hosts.current);
  expect(hosts.current).toBe(first);
});
