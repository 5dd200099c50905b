/** @jsxImportSource hono/jsx */
import type { ChannelChange, ConfigDiff, FieldChange, OutputChange } from "../../src/effects/declarative/diff.ts"

const ACTIONS = {
  created: { word: "added", look: "is-good", sign: "+" },
  updated: { word: "changed", look: "is-warning", sign: "~" },
  removed: { word: "removed", look: "is-bad", sign: "−" },
} as const

const Action = ({ action }: Pick<ChannelChange, "action">) => (
  <span class={`chip ${ACTIONS[action].look}`}>
    <span aria-hidden="true">{ACTIONS[action].sign}</span> {ACTIONS[action].word}
  </span>
)

const textOf = (value: unknown): string =>
  value === null || value === undefined
    ? "none or the default"
    : typeof value === "string"
      ? value
      : JSON.stringify(value)

const Fields = ({ changes }: { readonly changes: ReadonlyArray<FieldChange> }) =>
  changes.length === 0 ? null : (
    <ul>
      {changes.map(({ field, from, secret_changed, to }) => (
        <li>
          {field}:{" "}
          {secret_changed === true ? (
            <>
              <code>{textOf(to)}</code>, its secret is another one
            </>
          ) : (
            <>
              <del>
                <code>{textOf(from)}</code>
              </del>{" "}
              →{" "}
              <ins>
                <code>{textOf(to)}</code>
              </ins>
            </>
          )}
        </li>
      ))}
    </ul>
  )

const Output = ({ output: { action, changes, name, restarts, url } }: { readonly output: OutputChange }) => (
  <li>
    <Action action={action} /> output {name} <code>{url}</code>
    {restarts ? <strong class="warning"> its connection is begun anew</strong> : null}
    <Fields changes={changes} />
  </li>
)

/** What is another of one channel and its outputs. */
export const ChannelDiff = ({ channel: { action, changes, outputs } }: { readonly channel: ChannelChange }) => (
  <>
    {action === "updated" ? null : <Action action={action} />}
    <Fields changes={changes} />
    {outputs.length === 0 ? null : (
      <ul class="outputs">
        {outputs.map((output) => (
          <Output output={output} />
        ))}
      </ul>
    )}
  </>
)

/** A list of channels and outputs that would be added, changed and removed. */
export const DiffList = ({ diff }: { readonly diff: ConfigDiff }) => {
  const anew = diff.channels.flatMap(({ outputs }) => outputs.filter(({ restarts }) => restarts)).length
  return (
    <>
      <p class={diff.changed ? "banner warning" : "banner good"} role="status">
        {diff.changed ? diff.summary : "Nothing changes: the configuration is like that now."}
        {anew === 0 ? "" : `; ${anew} ${anew === 1 ? "output is" : "outputs are"} begun anew`}
      </p>
      {diff.channels.map(({ action, changes, name, outputs, slug }) => (
        <section class="card diff" aria-label={`${name}: ${ACTIONS[action].word}`}>
          <h2>
            <Action action={action} /> {name} <span class="hint">{slug}</span>
          </h2>
          <Fields changes={changes} />
          {outputs.length === 0 ? null : (
            <ul class="outputs">
              {outputs.map((output) => (
                <Output output={output} />
              ))}
            </ul>
          )}
        </section>
      ))}
    </>
  )
}
