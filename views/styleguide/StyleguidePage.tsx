/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx"
import { StatusMark } from "../channel/StatusMark.tsx"
import { SPARK } from "../channels/list-texts.ts"
import { Field, SecretField, SelectField } from "../forms/Field.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface StyleguidePageProps {
  readonly frame: Frame
  /** Markup of a line of figures, as the list of channels draws it. */
  readonly spark: string
}

const COLOURS = [
  ["paper", "page"],
  ["raised", "cards and rows"],
  ["sunken", "code, wells of fields"],
  ["ink", "text"],
  ["faint", "text beside"],
  ["line", "borders"],
  ["edge", "borders of controls"],
  ["link", "links"],
  ["focus", "the focus"],
  ["accent", "the main button"],
  ["good", "as it should be"],
  ["warn", "look at it"],
  ["bad", "act"],
  ["good-tint", "behind good"],
  ["warn-tint", "behind warn"],
  ["bad-tint", "behind bad"],
  ["link-tint", "behind a choice"],
] as const
const GAPS = ["gap-1", "gap-2", "gap-3", "gap-4"] as const
const STATES = [
  ["ok", "on air"],
  ["starting", "begins"],
  ["warning", "works, yet something is unusual"],
  ["degraded", "works in part"],
  ["error", "does not work"],
  ["retrying", "does not work, is tried again"],
  ["idle", "would work, has nothing to do"],
  ["stopped", "was switched off"],
  ["in-break", "is in an ad break"],
] as const

const Section = ({ children, id, title }: { children: Child; id: string; title: string }) => (
  <section id={id} class="card" aria-labelledby={`${id}-title`}>
    <h2 id={`${id}-title`}>{title}</h2>
    {children}
  </section>
)

const Foundations = () => (
  <>
    <Section id="type" title="Type">
      <h1>Level 1: the page</h1>
      <h2>Level 2: a part</h2>
      <h3>Level 3: within a part</h3>
      <p>Text. Figures have one width each: 111 and 888 are equally long.</p>
      <p class="hint">Small text beside what it explains</p>
      <p>
        <code>srt://192.0.2.1:9000</code> <kbd>g</kbd> <kbd>c</kbd>
      </p>
    </Section>
    <Section id="spacing" title="Spacing">
      <dl class="facts">
        {GAPS.map((gap) => (
          <>
            <dt>
              <code>--{gap}</code>
            </dt>
            <dd>
              <span class={`swatch is-${gap}`}></span>
            </dd>
          </>
        ))}
      </dl>
    </Section>
    <Section id="colours" title="Colours">
      <ul class="swatches">
        {COLOURS.map(([name, use]) => (
          <li>
            <span class={`swatch is-colour-${name}`}></span> <code>--{name}</code> <span class="hint">{use}</span>
          </li>
        ))}
      </ul>
    </Section>
  </>
)

const States = () => (
  <Section id="states" title="States">
    <p class="hint">A state is told by its shape, by a word and by colour: never by colour alone.</p>
    <dl class="facts">
      {STATES.map(([status, meaning]) => (
        <>
          <dt>
            <StatusMark status={status} /> <span class={`chip is-${status}`}>{status}</span>
          </dt>
          <dd>{meaning}</dd>
        </>
      ))}
    </dl>
  </Section>
)

const Figures = ({ spark }: { readonly spark: string }) => (
  <Section id="figures" title="Figures">
    <p>
      <span class="number">8.02 Mbit/s</span>{" "}
      <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} role="img" aria-label="The last 30 s">
        <path d={spark} />
      </svg>
    </p>
    <dl class="figures">
      <div>
        <dt>Round trip</dt>
        <dd class="number">12.3 ms</dd>
      </div>
      <div class="warning">
        <dt>Lost</dt>
        <dd class="number">5 (0.50 %)</dd>
      </div>
    </dl>
  </Section>
)

const Tables = () => (
  <Section id="tables" title="Tables">
    <section class="table-scroll" tabindex={0} aria-label="Example of a table">
      <table class="stack">
        <caption>On a phone each row becomes a card</caption>
        <thead>
          <tr>
            <th scope="col">Output</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Bit rate
            </th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">CDN</th>
            <td data-label="State">
              <StatusMark status="connected" />
            </td>
            <td class="number" data-label="Bit rate">
              8.02 Mbit/s
            </td>
            <td class="actions">
              <button type="button">Stop</button>
            </td>
          </tr>
        </tbody>
      </table>
    </section>
    <p class="empty">What an empty list says, with the way to its first row.</p>
  </Section>
)

const Forms = () => (
  <Section id="forms" title="Forms">
    <Field form="guide" name="name" label="Name" value="CDN" hint="What it is called on all pages" />
    <Field form="guide" name="port" label="Port" value="70000" error="must be a whole number from 1 to 65535" />
    <SelectField form="guide" name="kind" label="Kind" choices={[{ value: "", text: "Custom URL" }]} />
    <SecretField form="guide" name="key" label="Stream key" hint="There is one; left empty it stays" />
    <div class="actions">
      <button type="button" class="primary">
        Save
      </button>
      <button type="button">Test</button>
      <button type="button" class="danger">
        Remove
      </button>
      <a class="button quiet" href="#forms">
        Cancel
      </a>
    </div>
  </Section>
)

const Told = () => (
  <Section id="told" title="What is told">
    <p class="banner good">It went well.</p>
    <p class="banner warning">Look at this: what it is, and what to do.</p>
    <p class="banner error">It did not work: what, why, and what to do.</p>
    <details class="confirm">
      <summary>Stop …</summary>
      <p>1 output streaming now will end. Stop News?</p>
      <button type="button" class="danger">
        Stop now
      </button>
    </details>
    <dialog open class="example" aria-label="Example of a dialog">
      <p>Stop News? 3 connected outputs lose the stream.</p>
      <div class="actions">
        <button type="button">Cancel</button>
        <button type="button" class="danger">
          Stop
        </button>
      </div>
    </dialog>
    <p class="hint">A dialog names what it is about, and how many; the safe button has the focus.</p>
  </Section>
)

/** The parts that all pages are made of, each as it looks, for those who build pages. */
export const StyleguidePage = ({ frame, spark }: StyleguidePageProps) => (
  <Layout frame={frame} title="Style guide · Stream Distributor">
    <main id="main" class="styleguide">
      <div class="head">
        <h1>Style guide</h1>
      </div>
      <p class="hint">
        The parts that all pages are made of. Their names stand at the head of <code>views/assets/base.css</code>.
      </p>
      <Foundations />
      <States />
      <Figures spark={spark} />
      <Tables />
      <Forms />
      <Told />
    </main>
  </Layout>
)
