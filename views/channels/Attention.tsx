/** @jsxImportSource hono/jsx */
import type { Cause } from "../../src/effects/notifications/causes.ts"
import { Time } from "../layout/Time.tsx"

export interface AttentionProps {
  readonly id: string
  readonly cause: Cause
  /** Whether the reader may acknowledge and mute. */
  readonly mayOperate: boolean
}

const NAMED = 3
const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`

/** What a cause hits: `6 channels`, `3 outputs of News`, `News`, or the service. */
export const hitBy = ({ channels, outputs }: Pick<Cause, "channels" | "outputs">): string => {
  const [channel] = channels
  if (channel === undefined) return "The service"
  if (outputs.length === 0) return channels.length === 1 ? channel.name : plural(channels.length, "channel")
  const of = channels.length === 1 ? channel.name : plural(channels.length, "channel")
  const [output] = outputs
  return outputs.length === 1 && output !== undefined
    ? `${channel.name}, output ${output.name}`
    : `${plural(outputs.length, "output")} of ${of}`
}

const Keys = ({ keys }: Pick<Cause, "keys">) => (
  <>
    {keys.map((key) => (
      <input type="hidden" name="key" value={key} />
    ))}
  </>
)

const Act = ({
  action,
  children,
  keys,
  of,
}: { action: string; children: string; of: string } & Pick<Cause, "keys">) => (
  <form method="post" action={`/notices/${action}`} data-live>
    <Keys keys={keys} />
    <button type="submit">
      {children}
      <span class="visually-hidden"> {of}</span>
    </button>
  </form>
)

/** One line of the attention panel: a cause, what it hits, and what can be done about it at once. */
export const AttentionLine = ({ cause, id, mayOperate }: AttentionProps) => {
  const { channels, keys, message, severity, since, words } = cause
  const of = `${hitBy(cause)}: ${words}`
  const [only] = channels
  return (
    <li id={id} class={`is-${severity}`}>
      <span class="mark" aria-hidden="true"></span>
      <p>
        <b>
          {hitBy(cause)}: {words}
        </b>{" "}
        since <Time at={since} to="minute" short />
        <span class="what">
          {channels.length > 1 || (channels.length === 1 && cause.outputs.length > 1) ? (
            <>
              {" "}
              {channels.slice(0, NAMED).map(({ name, slug }, i) => (
                <>
                  {i === 0 ? "" : ", "}
                  <a href={`/channels/${slug}`}>{name}</a>
                </>
              ))}
              {channels.length > NAMED ? ` and ${channels.length - NAMED} more` : ""}
            </>
          ) : null}{" "}
          {message}
        </span>
      </p>
      <div class="acts">
        {mayOperate ? (
          <>
            <Act action="acknowledge" keys={keys} of={of}>
              Ack
            </Act>
            {/* A mute of the service itself would be one of everything. */}
            {channels.length === 0 ? null : (
              <Act action="mute" keys={keys} of={of}>
                Mute 1 h
              </Act>
            )}
          </>
        ) : null}
        <a
          class="button"
          href={channels.length === 1 ? `/channels/${only?.slug}` : "/settings/notifications"}
          aria-label={`Open ${of}`}
        >
          Open
        </a>
      </div>
    </li>
  )
}
