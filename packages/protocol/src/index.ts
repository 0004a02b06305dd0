// The link: frames and the session state machines that edge and server share.
export * from './edge-session.ts';
export * from './environment.ts';
export * from './frames.ts';
export * from './server-session.ts';
