/** @jsxImportSource hono/jsx */
import { StatusMark } from "../channel/StatusMark.tsx"
import { Elapsed } from "../channel/Ticking.tsx"
import { formatBytes } from "../format.ts"
import { Time } from "../layout/Time.tsx"
import { stationTime } from "../station-time.ts"
import { Engines } from "./EngineParts.tsx"
import { ms, Part, percent } from "./Part.tsx"
import type { SystemShown } from "./system-shown.ts"

const orUnknown = (bytes: number | null) => (bytes === null ? "unknown" : formatBytes(bytes))

const Service = ({ shown: { service } }: { readonly shown: SystemShown }) => (
  <Part
    id="service"
    title="Control plane"
    facts={[
      ["State", <StatusMark status="running" />],
      ["Running for", <Elapsed at={service.startedAt} />],
      ["CPU", percent(service.cpuPercent)],
      ["Memory", formatBytes(service.rssBytes)],
      ["Event-loop delay", `${ms(service.loopDelayMs)} at worst in the last 10 s`],
      ["Process", String(service.pid)],
    ]}
  />
)

const Network = ({ shown: { network } }: { readonly shown: SystemShown }) => (
  <Part
    id="network"
    title="Receiving"
    facts={[["Dropped by the kernel", `${network.drops} datagrams since the sockets were opened`]]}
  >
    {network.lines.length === 0 ? (
      <p class="good">Every source has the receive buffer that it asked for.</p>
    ) : (
      <ul>
        {network.lines.map(({ channel, slug, text }) => (
          <li class="warning">
            <a href={`/channels/${encodeURIComponent(slug)}`}>{channel}</a>: {text}
          </li>
        ))}
      </ul>
    )}
  </Part>
)

const Store = ({ shown: { store } }: { readonly shown: SystemShown }) => (
  <Part
    id="store"
    title="Store"
    facts={[
      ["Database", store.kind],
      [
        "State",
        store.ok ? <StatusMark status="ok" words="answers" /> : <StatusMark status="error" words="does not answer" />,
      ],
      ["Size", orUnknown(store.bytes)],
    ]}
  />
)

const Disks = ({ shown: { disks } }: { readonly shown: SystemShown }) => (
  <Part
    id="disks"
    title="Disks"
    facts={disks.map(({ free, path, setting, total }) => [
      setting,
      <>
        <code>{path}</code>{" "}
        {free === null || total === null ? (
          <span class="warning">cannot be looked at: check that it is there and may be read</span>
        ) : (
          <span class={free < total * LOW_SHARE ? "error" : undefined}>
            {formatBytes(free)} of {formatBytes(total)} free
            {free < total * LOW_SHARE ? ": make room, or recordings and HLS outputs stop" : ""}
          </span>
        )}
      </>,
    ])}
  />
)
/** Free share of a disk below which space is low. */
const LOW_SHARE = 0.05

const Machine = ({ shown: { machine, open } }: { readonly shown: SystemShown }) => (
  <Part
    id="machine"
    title="Machine"
    facts={[
      ["Cores", String(machine.cpus)],
      ["Load", machine.load.map((one) => one.toFixed(2)).join(", ")],
      ["Memory", `${formatBytes(machine.freeBytes)} of ${formatBytes(machine.totalBytes)} free`],
      ["Open pages", String(open.pages)],
      ["WebSockets", String(open.sockets)],
    ]}
  >
    <Checks checks={machine.checks} />
  </Part>
)

/** What the machine lacks, each with its cost and its remedy; what is well folds to one line. */
const Checks = ({ checks }: { readonly checks: SystemShown["machine"]["checks"] }) => {
  const warnings = checks.filter(({ state }) => state === "warning")
  const others = checks.filter(({ state }) => state !== "warning")
  return (
    <>
      {warnings.length === 0 ? null : (
        <ul>
          {warnings.map(({ cost, found, remedy }) => (
            <li>
              <span class="warning">{found}</span> {cost} <strong>Remedy:</strong> {remedy}
            </li>
          ))}
        </ul>
      )}
      <details id="machine-checks">
        <summary>
          {warnings.length === 0 ? "Nothing is wrong with the machine" : "What is well"} ({others.length} checks)
        </summary>
        <ul>
          {others.map(({ found }) => (
            <li>{found}</li>
          ))}
        </ul>
      </details>
    </>
  )
}

const Versions = ({ shown: { versions } }: { readonly shown: SystemShown }) => (
  <Part
    id="versions"
    title="Versions"
    facts={[
      ["Stream Distributor", versions.product],
      [versions.runtime.name, versions.runtime.version],
      ["libsrt", versions.libsrt ?? <span class="error">{versions.libsrtProblem ?? "not found"}</span>],
      [
        "ffmpeg",
        versions.ffmpeg ?? <span class="warning">not found: there are no RTSP outputs and no pictures without it</span>,
      ],
      ["Licence", `${versions.licence}; nothing is sent to its makers`],
    ]}
  />
)

const SHOWN_CRASHES = 5

const Crashes = ({ shown: { crashes } }: { readonly shown: SystemShown }) => (
  <Part id="crashes" title="Crashes" facts={[]}>
    {crashes.keptOut.map(({ name, since, slug }) => (
      <form method="post" action={`/channels/${encodeURIComponent(slug)}/release`}>
        <span class="error">
          {name} is kept out of the engine since <Time at={since} />
        </span>{" "}
        {crashes.mayRelease ? <button type="submit">Release {name}</button> : null}
      </form>
    ))}
    {crashes.list.length === 0 ? (
      <p class="good">No engine has died or hung, and no control plane has died.</p>
    ) : (
      <ul>
        {crashes.list.slice(0, SHOWN_CRASHES).map(({ at, id, why }) => (
          <li>
            {crashes.mayLook ? <a href={`/system/crashes/${id}`}>{stationTime(at)}</a> : <Time at={at} />}: {why}
          </li>
        ))}
      </ul>
    )}
  </Part>
)

const PARTS = {
  service: Service,
  engine: Engines,
  crashes: Crashes,
  network: Network,
  store: Store,
  disks: Disks,
  machine: Machine,
  versions: Versions,
} as const

/** The cards of the page, each kept up to date by itself. */
export const systemParts = (shown: SystemShown): ReadonlyArray<{ readonly id: string; readonly html: string }> =>
  Object.entries(PARTS).map(([name, One]) => ({ id: `system-${name}`, html: String(<One shown={shown} />) }))
