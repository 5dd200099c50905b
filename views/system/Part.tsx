/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx"

type Fact = readonly [name: string, value: Child]

/** A card of the System page: facts, and what is said of them below. */
export const Part = ({
  children,
  facts,
  id,
  title,
}: {
  readonly children?: Child
  readonly facts: ReadonlyArray<Fact>
  readonly id: string
  readonly title: string
}) => (
  <section class="card" id={`system-${id}`} aria-labelledby={`system-${id}-title`}>
    <h2 id={`system-${id}-title`}>{title}</h2>
    <dl class="facts">
      {facts.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
    {children}
  </section>
)

export const percent = (value: number) => `${value.toFixed(0)} % of a core`
export const ms = (value: number) => `${value.toFixed(1)} ms`
