// Colours of the page's tokens for a canvas, which knows no custom properties.

/** Beyond them, curves begin again with the first. */
export const seriesColors = 5;

export type TokenColors<Name extends string> = Readonly<Record<Name, string>> & {
  /** Of the curves, in their order. */
  readonly series: readonly string[];
};

/** @param tokens names of custom properties, each under the name that the caller has for it. */
export function colorsOf<Name extends string>(
  host: HTMLElement,
  tokens: Readonly<Record<Name, string>>,
): TokenColors<Name> {
  const probeOf = (token: string): HTMLElement => {
    const probe = document.createElement('span');
    probe.style.color = `var(${token})`;
    return probe;
  };
  const named = Object.entries<string>(tokens).map(([name, token]) => ({ name, probe: probeOf(token) }));
  const series = Array.from({ length: seriesColors }, (_, i) => probeOf(`--series-${i + 1}`));
  const probes = [...named.map(({ probe }) => probe), ...series];
  // All at once: after each change the browser would have to work its styles out anew.
  host.append(...probes);
  const colorOf = (probe: HTMLElement): string => getComputedStyle(probe).color;
  const colors = Object.fromEntries(named.map(({ name, probe }) => [name, colorOf(probe)]));
  const found = { ...(colors as Record<Name, string>), series: series.map(colorOf) };
  for (const probe of probes) probe.remove();
  return found;
}
