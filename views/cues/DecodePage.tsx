/** @jsxImportSource hono/jsx */
import { CopyText } from "../layout/CopyText.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface DecodedCue {
  /** Description of the cue on one line. */
  readonly description: string
  readonly errors: ReadonlyArray<string>
  readonly warnings: ReadonlyArray<string>
  readonly base64: string
  readonly hex: string
  /** All fields of the section as indented JSON. */
  readonly json: string
}

export interface DecodePageProps {
  readonly frame: Frame
  /** The text that was typed. */
  readonly cue: string
  /** Why the text is not a section. */
  readonly problem?: string | undefined
  readonly decoded?: DecodedCue | undefined
}

const Result = ({ decoded }: { readonly decoded: DecodedCue }) => (
  <section class="card" id="result">
    <h2>{decoded.description}</h2>
    {decoded.errors.map((error) => (
      <p class="error">{error}</p>
    ))}
    {decoded.warnings.map((warning) => (
      <p class="warning">{warning}</p>
    ))}
    <CopyText name="base64" text={decoded.base64} />
    <CopyText name="hex" text={decoded.hex} />
    <pre>
      <code>{decoded.json}</code>
    </pre>
  </section>
)

/** A form for an SCTE-35 cue in base64 or hexadecimal, and its decode. */
export const DecodePage = ({ cue, decoded, frame, problem }: DecodePageProps) => (
  <Layout frame={frame} title="Decode a cue · Stream Distributor">
    <main id="main">
      <div class="head">
        <h1>Decode an SCTE-35 cue</h1>
      </div>
      <form method="post" action="/scte35" class="card">
        <div class="field">
          <label for="cue">Cue</label>
          <textarea
            id="cue"
            name="cue"
            rows={4}
            required
            autocomplete="off"
            spellcheck={false}
            aria-invalid={problem === undefined ? undefined : "true"}
            aria-describedby={problem === undefined ? "cue-hint" : "cue-hint cue-error"}
          >
            {cue}
          </textarea>
          <p id="cue-hint" class="hint">
            A splice_info_section in base64 or hexadecimal
          </p>
          {problem === undefined ? null : (
            <p id="cue-error" class="error" role="alert">
              {problem}
            </p>
          )}
        </div>
        <button type="submit">Decode</button>
      </form>
      {decoded === undefined ? null : <Result decoded={decoded} />}
    </main>
  </Layout>
)
