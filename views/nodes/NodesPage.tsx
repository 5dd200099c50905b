/** @jsxImportSource hono/jsx */
/** The page of the nodes: how each is, and which channels it runs. */
import { raw } from "hono/html"
import type { NodeShown } from "../../src/http/services/placement-shown.ts"
import type { Region } from "../channel/channel-shown.ts"
import { ServiceProblem } from "../channels/ListHead.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import type { NodesShown } from "./nodes-shown.ts"

const STATUS = { alive: "running", draining: "starting", gone: "error" } as const

const Drain = ({ node }: { readonly node: NodeShown }) => {
  const verb = node.standing === "draining" ? "resume" : "drain"
  return (
    <form method="post" action={`/nodes/${encodeURIComponent(node.name)}/${verb}`}>
      <button type="submit">
        {verb === "drain" ? "Drain" : "Resume"}
        <span class="visually-hidden"> {node.name}</span>
      </button>
    </form>
  )
}

const labelsOf = ({ labels }: NodeShown) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ")

/** Where a channel of the node is on its way to, or why it is not where it belongs. */
const noteOf = (shown: NodesShown, id: string): string => {
  const placement = shown.placements.get(id)
  if (placement === undefined) return ""
  if (placement.dark) return " (dark: its node is gone, and nobody could take over yet)"
  if (placement.moving_to !== null) return ` (moving to ${placement.moving_to})`
  return placement.home === placement.owner ? "" : ` (home is ${placement.home})`
}

const NodeRow = ({ node, shown }: { readonly node: NodeShown; readonly shown: NodesShown }) => (
  <tr id={`node-${node.name}`}>
    <th scope="row">
      {node.name}
      {node.self ? " (this one)" : ""}
      <div class="hint">{labelsOf(node)}</div>
    </th>
    <td data-label="State">
      <span class={`status is-${STATUS[node.state]}`}>
        <span class="mark" aria-hidden="true"></span>
        {node.state === "gone" && node.standing !== "left" ? "gone, not heard of" : node.state}
      </span>
    </td>
    <td data-label="Address">{node.address}</td>
    <td data-label="Version">{node.version}</td>
    <td data-label="Channels">
      {node.owns} of {node.capacity}, stands by for {node.stands_by}
      <ul>
        {node.channels.map(({ id, name, slug }) => (
          <li>
            <a href={`/channels/${encodeURIComponent(slug)}`}>{name}</a>
            {noteOf(shown, id)}
            {shown.relayed.has(id) ? `, sources relayed with ${shown.placements.get(id)?.partner ?? "nobody yet"}` : ""}
          </li>
        ))}
      </ul>
    </td>
    <td>{shown.mayAct ? <Drain node={node} /> : null}</td>
  </tr>
)

export const nodesRegions = (shown: NodesShown): ReadonlyArray<Region> => [
  {
    id: "problems",
    items:
      shown.databaseProblem === null
        ? []
        : [
            {
              id: "database-problem",
              html: String(<ServiceProblem id="database-problem" text={shown.databaseProblem} />),
            },
          ],
  },
  {
    id: "node-rows",
    items: shown.nodes.map((node) => ({
      id: `node-${node.name}`,
      html: String(<NodeRow node={node} shown={shown} />),
    })),
  },
]

export interface NodesPageProps {
  readonly frame: Frame
  readonly shown: NodesShown
  /** What was wrong with the button that was pressed. */
  readonly alert?: string | undefined
}

export const NodesPage = ({ alert, frame, shown }: NodesPageProps) => {
  const [problems, rows] = nodesRegions(shown).map(({ items }) => raw(items.map(({ html }) => html).join("")))
  return (
    <Layout frame={frame} title="Nodes · Stream Distributor" stream="/live/nodes">
      <main id="main">
        <div class="head">
          <h1>Nodes</h1>
        </div>
        {alert === undefined ? null : (
          <p class="banner error" role="alert">
            {alert}
          </p>
        )}
        <div id="problems">{problems}</div>
        <section class="card table-scroll" tabindex={0} aria-label="Table of nodes">
          <table class="stack">
            <caption>A drained node hands its channels over one by one; nothing moves back by itself</caption>
            <thead>
              <tr>
                <th scope="col">Node</th>
                <th scope="col">State</th>
                <th scope="col">Address</th>
                <th scope="col">Version</th>
                <th scope="col">Channels</th>
                <th scope="col">
                  <span class="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody id="node-rows">{rows}</tbody>
          </table>
        </section>
      </main>
    </Layout>
  )
}
