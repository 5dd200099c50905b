/** @jsxImportSource hono/jsx */
import type { CopyableUrl } from "./copyable-urls.ts"

/** A URL to give to somebody else; copy.js makes the button work. */
export const UrlItem = ({ one: { id, name, url, use } }: { readonly one: CopyableUrl }) => (
  <li id={`url-${id}`}>
    <strong>{name}</strong> <span class="hint">{use}</span>{" "}
    <code class="url" title="Click selects all of it">
      {url}
    </code>{" "}
    <button type="button" data-copy={`URL of ${name}`}>
      Copy <span class="visually-hidden">URL of {name}</span>
    </button>
  </li>
)
