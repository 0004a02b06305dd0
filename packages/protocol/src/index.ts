// The link: frames and the session state machines that edge and server share.
export * from './environment.ts';
export * from './frames.ts';
