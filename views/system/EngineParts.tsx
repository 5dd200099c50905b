/** @jsxImportSource hono/jsx */
import { StatusMark } from "../channel/StatusMark.tsx"
import { Elapsed } from "../channel/Ticking.tsx"
import { formatBytes } from "../format.ts"
import { ms, Part, percent } from "./Part.tsx"
import type { EngineShown, SystemShown } from "./system-shown.ts"

const stateOf = ({ connected, outdated }: EngineShown) => {
  if (!connected) return <StatusMark status="error" words={outdated ? "of another version" : "not connected"} />
  return outdated ? <StatusMark status="degraded" words="outdated" /> : <StatusMark status="running" />
}

/** What an outdated engine is, and the button that replaces it. */
const Outdated = ({ engine: { channels, connected, mayReplace, number } }: { readonly engine: EngineShown }) => (
  <form method="post" action={`/system/engines/${number}/replace`}>
    <p class="warning">
      Engine {number} goes on since before the upgrade,{" "}
      {connected
        ? "with the code of then."
        : "and this version cannot speak with it: nothing of it is shown or changed, and an output that ends is not tried again."}{" "}
      Replacing it cuts the streams of its {channels} {channels === 1 ? "channel" : "channels"} for about a second.
    </p>
    {mayReplace ? (
      <button type="submit" class="danger">
        Replace engine {number} now
      </button>
    ) : null}
  </form>
)

const OneEngine = ({ engine }: { readonly engine: EngineShown }) => (
  <Part
    id="engine"
    title="Engine"
    facts={[
      ["State", stateOf(engine)],
      ["Running for", engine.startedAt === null ? "" : <Elapsed at={engine.startedAt} />],
      ["Restarts", `${engine.restarts} since the control plane was started`],
      ["CPU", engine.usage === null ? "unknown" : percent(engine.usage.cpu_percent)],
      ["Memory", engine.usage === null ? "unknown" : formatBytes(engine.usage.rss_bytes)],
      [
        "Packet loop",
        engine.usage === null ? "unknown" : `${ms(engine.usage.loop_max_ms)} for the longest pass in the last second`,
      ],
      ["Process", engine.pid === null ? "none" : String(engine.pid)],
    ]}
  >
    {engine.outdated ? <Outdated engine={engine} /> : null}
  </Part>
)

const ENGINE_COLUMNS = ["Engine", "State", "Channels", "CPU", "Memory", "Longest pass", "Restarts", "Process"]

/** The engine, or a table of several, each with the button that replaces it when it is outdated. */
export const Engines = ({ shown: { engines } }: { readonly shown: SystemShown }) => {
  const [first, ...others] = engines
  if (first !== undefined && others.length === 0) return <OneEngine engine={first} />
  return (
    <Part id="engine" title="Engines" facts={[]}>
      <div class="table-scroll">
        <table>
          <thead>
            <tr>
              {ENGINE_COLUMNS.map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {engines.map((engine) => (
              <tr>
                <th scope="row">{engine.number}</th>
                <td>{stateOf(engine)}</td>
                <td>{engine.channels}</td>
                <td>{engine.usage === null ? "unknown" : percent(engine.usage.cpu_percent)}</td>
                <td>{engine.usage === null ? "unknown" : formatBytes(engine.usage.rss_bytes)}</td>
                <td>{engine.usage === null ? "unknown" : ms(engine.usage.loop_max_ms)}</td>
                <td>{engine.restarts}</td>
                <td>{engine.pid ?? "none"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {engines
        .filter(({ outdated }) => outdated)
        .map((engine) => (
          <Outdated engine={engine} />
        ))}
    </Part>
  )
}
