/** @jsxImportSource hono/jsx */
export interface ActionButtonProps {
  /** Path that the form is posted to. */
  readonly to: string
  readonly label: string
  /** What the button acts on, for readers who do not see where it is. */
  readonly of?: string
  /** Carries the action out although there is an objection. */
  readonly force?: boolean
  readonly kind?: "danger"
}

interface LabelProps extends Pick<ActionButtonProps, "kind" | "label" | "of"> {}

const Button = ({ kind, label, of }: LabelProps) => (
  <button type="submit" class={kind}>
    {label}
    {of === undefined ? null : <span class="visually-hidden"> {of}</span>}
  </button>
)

/** A button in a form of its own; with htmx the answer holds the parts of the page that have changed. */
export const ActionButton = ({ force = false, to, ...button }: ActionButtonProps) => {
  const path = `${to}?on=channel${force ? "&force=yes" : ""}`
  return (
    <form method="post" action={path} hx-post={path} hx-swap="none">
      <Button {...button} />
    </form>
  )
}

/** A link to a page that asks first; `to` is its path. */
export const AskingLink = ({
  back,
  kind,
  label,
  of,
  to,
}: Omit<ActionButtonProps, "force"> & { readonly back: string }) => (
  <a class={kind === undefined ? "button" : `button ${kind}`} href={`${to}?back=${encodeURIComponent(back)}`}>
    {label}
    {of === undefined ? null : <span class="visually-hidden"> {of}</span>}
  </a>
)

/** A button that leads to another page, which returns to `back`. */
export const LeavingButton = ({
  back,
  to,
  ...button
}: Omit<ActionButtonProps, "force"> & { readonly back: string }) => (
  <form method="post" action={to}>
    <input type="hidden" name="back" value={back} />
    <Button {...button} />
  </form>
)
