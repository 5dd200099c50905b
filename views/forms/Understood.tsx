/** @jsxImportSource hono/jsx */

/** How a form understands what has been typed so far. */
export type Understanding =
  /** `hint`: what URLs of the chosen protocol look like; null while none is chosen. */
  | { readonly kind: "nothing"; readonly hint: string | null }
  | {
      readonly kind: "understood"
      readonly sentence: string
      /** URL with its secrets masked. */
      readonly url: string
      readonly warnings: ReadonlyArray<string>
    }
  | { readonly kind: "wrong"; readonly errors: ReadonlyArray<{ readonly field: string; readonly message: string }> }

/** Notes on a well-known destination: what it accepts and what to watch. */
export interface PresetNotes {
  readonly title: string
  readonly limits: ReadonlyArray<string>
  readonly check: ReadonlyArray<string>
}

export interface UnderstoodProps {
  readonly understanding: Understanding
  readonly preset: PresetNotes | null
}

const Meaning = ({ understanding }: Pick<UnderstoodProps, "understanding">) => {
  if (understanding.kind === "nothing")
    return <p class="hint">{understanding.hint ?? "What the URL means is said here as you type."}</p>
  if (understanding.kind === "wrong") {
    return (
      <ul class="problems">
        {understanding.errors.map(({ field, message }) => (
          <li class="error">
            {field}: {message}
          </li>
        ))}
      </ul>
    )
  }
  return (
    <>
      <p class="good">Interpreted as: {understanding.sentence}</p>
      <p class="hint">{understanding.url}</p>
      {understanding.warnings.map((warning) => (
        <p class="warning">{warning}</p>
      ))}
    </>
  )
}

/** Fragment that says how a URL is understood, swapped in while somebody types. */
export const Understood = ({ preset, understanding }: UnderstoodProps) => (
  <>
    <Meaning understanding={understanding} />
    {preset === null ? null : (
      <div class="preset-notes">
        <p>
          <strong>{preset.title}</strong>: {preset.limits.join(", ")}
        </p>
        <ul>
          {preset.check.map((sentence) => (
            <li>{sentence}</li>
          ))}
        </ul>
      </div>
    )}
  </>
)
