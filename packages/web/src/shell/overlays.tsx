// What may be opened over any page: the go-to dialog and the list of keys, each fetched when it is first wanted.
import { later, type Waiting } from './later.tsx';
import { FailureNotice } from './notices.tsx';
import { overlay } from './overlay.ts';

const GoTo = later(async () => (await import('./go-to.tsx')).GoTo, OnItsWay);
const KeyList = later(async () => (await import('./key-list.tsx')).KeyList, OnItsWay);

function OnItsWay({ failure, retry }: Waiting) {
  if (failure === null) return null;
  return (
    <div class="overlay-failure">
      <FailureNotice code={failure} retry={retry} />
    </div>
  );
}

export function Overlays() {
  switch (overlay.value) {
    case 'go-to':
      return <GoTo />;
    case 'keys':
      return <KeyList />;
    case null:
      return null;
  }
}
