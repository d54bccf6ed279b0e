// The mark: pieces of a film that come together.

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <rect x="2" y="4" width="9" height="4" rx="1.5" />
      <rect x="13" y="4" width="9" height="4" rx="1.5" opacity=".5" />
      <rect x="2" y="10" width="5" height="4" rx="1.5" opacity=".5" />
      <rect x="9" y="10" width="13" height="4" rx="1.5" />
      <rect x="2" y="16" width="20" height="4" rx="1.5" />
    </svg>
  );
}
