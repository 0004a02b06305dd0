// The lookout's eye: a ring with an opening, and a hand. It turns only while a request runs (CSS class).

export function Logo({ turning = false }: { readonly turning?: boolean }) {
  return (
    <svg
      class={turning ? 'logo turning' : 'logo'}
      viewBox="0 0 32 32"
      width="32"
      height="32"
      aria-hidden="true"
    >
      <circle cx="16" cy="16" r="12" class="logo-ring" pathLength="100" />
      <path d="M16 16 22.5 8.5" class="logo-hand" />
      <circle cx="16" cy="16" r="3" class="logo-hub" />
    </svg>
  );
}
