// The button that opens the list of what a view can be saved as. Not here: the list, which is fetched then (export-list.tsx).
import { Menu } from '../shell/menu.tsx';
import { Icon } from './chart-toolbar.tsx';
import type { ExportProps } from './export-list.tsx';
import { ExportList } from './later-parts.tsx';
import { chartWords } from './words.ts';

export function ExportMenu(props: ExportProps) {
  const label = chartWords.value.exportTitle;
  return (
    <Menu
      class=""
      label={label}
      summary={
        <>
          <Icon path="M12 4v11M7.5 10.5 12 15l4.5-4.5M5 19.5h14" />
          <span class="wide">{label}</span>
        </>
      }
    >
      {(isOpen, close) => isOpen && <ExportList {...props} close={close} />}
    </Menu>
  );
}
