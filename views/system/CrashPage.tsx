/** @jsxImportSource hono/jsx */
import type { Crash } from "../../src/effects/engine/Crashes.ts"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Time } from "../layout/Time.tsx"

type Named = ReadonlyArray<{ readonly id: string; readonly name: string; readonly slug: string }>

export interface CrashPageProps {
  readonly frame: Frame
  readonly crash: Crash
  readonly channels: Named
}

const ChannelLink = ({ channels, id }: { readonly channels: Named; readonly id: string }) => {
  const found = channels.find((channel) => channel.id === id)
  return found === undefined ? (
    <code>{id}</code>
  ) : (
    <a href={`/channels/${encodeURIComponent(found.slug)}`}>{found.name}</a>
  )
}

/** All that is kept of an engine that died or hung, or of a control plane that died. */
export const CrashPage = ({ channels, crash, frame }: CrashPageProps) => (
  <Layout frame={frame} title="Crash · Stream Distributor">
    <main id="main">
      <div class="head">
        <h1>Crash of {crash.process === "engine" ? `engine ${crash.engine}` : "the control plane"}</h1>
        <nav aria-label="System">
          <a href="/system">System</a>
        </nav>
      </div>
      <p class="banner error">{crash.why}</p>
      <section class="card" aria-labelledby="crash-facts">
        <h2 id="crash-facts">What is known</h2>
        <dl class="facts">
          <dt>{crash.process === "engine" ? "Noticed" : "Last known to live"}</dt>
          <dd>
            <Time at={crash.at} to="ms" />
          </dd>
          <dt>After</dt>
          <dd>{crash.uptime.toFixed(1)} s</dd>
          {crash.process === "engine" ? (
            <>
              <dt>It was at</dt>
              <dd>
                {crash.handled === null ? (
                  "no channel, as far as is known"
                ) : (
                  <>
                    <ChannelLink channels={channels} id={crash.handled.channel_id} />: {crash.handled.stage}
                  </>
                )}
              </dd>
            </>
          ) : null}
          <dt>{crash.process === "engine" ? "It carried" : "Its engines carried"}</dt>
          <dd>
            {crash.channels.length === 0 ? "no channel" : `${crash.channels.length}: `}
            {crash.channels.map((id, at) => (
              <>
                {at === 0 ? null : ", "}
                <ChannelLink channels={channels} id={id} />
              </>
            ))}
          </dd>
        </dl>
      </section>
      <section class="card" aria-labelledby="crash-log">
        <h2 id="crash-log">End of its log</h2>
        <pre tabindex={0}>{crash.log === "" ? "nothing" : crash.log}</pre>
      </section>
      <section class="card" aria-labelledby="crash-figures">
        <h2 id="crash-figures">Its last figures</h2>
        <pre tabindex={0}>{crash.figures === null ? "none" : JSON.stringify(crash.figures, null, 2)}</pre>
      </section>
    </main>
  </Layout>
)
