/** @jsxImportSource hono/jsx */
import { CopyText } from "../layout/CopyText.tsx"
import { type Frame, may } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"

export interface PartnerLinkShown {
  readonly id: string
  readonly label: string
  readonly createdBy: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly expiresAt: string
  readonly seenAt: string | null
  readonly standing: "works" | "expired" | "revoked"
}

export interface PartnerLinksPageProps {
  readonly frame: Frame
  readonly channel: { readonly name: string }
  readonly output: { readonly name: string }
  /** Path of the channel's page, and of this one. */
  readonly channelPath: string
  readonly path: string
  readonly links: ReadonlyArray<PartnerLinkShown>
  /** Address of the link that was just made: it is shown this once. */
  readonly made: string | undefined
  /** What was typed, and what is wrong with it, by field. */
  readonly label: string
  readonly days: string
  readonly errors: Readonly<Record<string, string>>
}

const when = (at: string | null) => (at === null ? "–" : <Time at={at} to="minute" />)

interface FieldProps {
  readonly error: string | undefined
  readonly name: "label" | "days"
  readonly text: string
  readonly value: string
}

const Field = ({ error, name, text, value }: FieldProps) => (
  <div>
    <label for={`partner-${name}`}>{text}</label>
    <input
      id={`partner-${name}`}
      name={name}
      value={value}
      inputmode={name === "days" ? "numeric" : undefined}
      maxlength={name === "days" ? 3 : 100}
      required
      aria-invalid={error === undefined ? undefined : "true"}
      aria-describedby={error === undefined ? undefined : `partner-${name}-error`}
    />
    {error === undefined ? null : (
      <p id={`partner-${name}-error`} class="error" role="alert">
        {error}
      </p>
    )}
  </div>
)

interface RowProps {
  readonly link: PartnerLinkShown
  readonly path: string
  readonly mayAct: boolean
}

const Row = ({ link, mayAct, path }: RowProps) => (
  <tr>
    <th scope="row">{link.label}</th>
    <td>{link.standing}</td>
    <td>{when(link.expiresAt)}</td>
    <td>{when(link.seenAt)}</td>
    <td>
      {link.createdBy}, {when(link.createdAt)}
    </td>
    <td>
      {mayAct && link.standing === "works" ? (
        <form method="post" action={`${path}/${encodeURIComponent(link.id)}/revoke`}>
          <button type="submit">
            Revoke <span class="visually-hidden">the link for {link.label}</span>
          </button>
        </form>
      ) : null}
    </td>
  </tr>
)

/** Links that show one output to partners: made, listed, revoked. */
export const PartnerLinksPage = (props: PartnerLinksPageProps) => {
  const { channel, channelPath, errors, frame, links, made, output, path } = props
  const mayAct = may(frame, "operator")
  return (
    <Layout frame={frame} title={`Partner links of ${output.name} · Stream Distributor`}>
      <main id="main">
        <div class="head">
          <h1>
            Partner links: {channel.name}, {output.name}
          </h1>
          <nav aria-label="Channel">
            <a href={channelPath}>Channel</a>
          </nav>
        </div>
        {made === undefined ? null : (
          <div class="banner" role="status">
            <p>The link is made. It is shown this once: copy it now.</p>
            <CopyText name="link" text={made} />
          </div>
        )}
        <p class="hint">
          A link shows this output alone: its state, bit rate, RTT and loss, its cues, and what the partner sets on
          their side. It lets nobody change or see anything else, and ends by itself.
        </p>
        {errors["link"] === undefined ? null : (
          <div class="banner error" role="alert">
            {errors["link"]}
          </div>
        )}
        {mayAct ? (
          <form method="post" action={path} class="filters">
            <Field name="label" text="For whom" value={props.label} error={errors["label"]} />
            <Field name="days" text="Days" value={props.days} error={errors["days"]} />
            <div class="filter-buttons">
              <button type="submit">Make a link</button>
            </div>
          </form>
        ) : null}
        {links.length === 0 ? (
          <p class="empty">There is no link yet.</p>
        ) : (
          <section class="card table-scroll" tabindex={0} aria-label="Links">
            <table class="stack">
              <thead>
                <tr>
                  {["For", "State", "Until", "Last looked at", "Made by", "Action"].map((name) => (
                    <th scope="col">{name}</th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {links.map((link) => (
                  <Row link={link} path={path} mayAct={mayAct} />
                ))}
              </tbody>
            </table>
          </section>
        )}
      </main>
    </Layout>
  )
}
