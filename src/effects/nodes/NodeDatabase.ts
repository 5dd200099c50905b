/**
 * A connection of a node's own with PostgreSQL: beats must not wait behind what else is read and written. Made when
 * it is needed and there is none, given up when a statement is not answered in time. It also hears what other nodes
 * tell.
 */
import pg from "pg"
import { NOTIFICATIONS } from "./node-statements.ts"

/** What became of a text: `unknown` when it was sent and not answered, so that it may still be carried out. */
export type Answer =
  | {
      readonly kind: "done"
      readonly answers: ReadonlyArray<unknown>
      /** Number of the connection that it came over; the next one has another. */
      readonly connection: number
    }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string }

export interface NodeDatabase {
  /** Runs a text of `node-statements.ts`; its answers are those of the last part that returned rows. Never rejects. */
  readonly ask: (text: string, withinMs: number) => Promise<Answer>
  readonly close: () => Promise<void>
}

interface Link {
  readonly client: pg.Client
  readonly number: number
  isOver: boolean
}

const whyOf = (cause: unknown): string => {
  if (cause instanceof AggregateError && cause.message === "")
    return cause.errors.map((error: Error) => error.message).join("; ")
  return cause instanceof Error ? cause.message : String(cause)
}

/** Cuts the connection without a word to the server. */
const drop = ({ client }: Link) => {
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy: () => void } } }
  connection.stream.destroy()
}

const within = async <A>(promise: Promise<A>, ms: number, late: string): Promise<A> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late)), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** What the connections of one database have in common. */
interface Target {
  readonly url: string
  /** The name of the node, for who looks at PostgreSQL's connections. */
  readonly name: string
  readonly told: () => void
}

const connect = async ({ name, told, url }: Target, number: number, withinMs: number): Promise<Link> => {
  const client = new pg.Client({
    connectionString: url,
    application_name: `distributor node ${name}`,
    connectionTimeoutMillis: withinMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2000,
  })
  const link: Link = { client, number, isOver: false }
  // The next statement meets the same end.
  client.on("error", () => {
    link.isOver = true
  })
  client.on("end", () => {
    link.isOver = true
  })
  client.on("notification", told)
  try {
    await within(client.connect(), withinMs, "PostgreSQL does not answer")
    // A client that stands still must not hold a lock for long, nor wait for one.
    const settings = `SET statement_timeout = ${Math.ceil(withinMs)}; SET idle_in_transaction_session_timeout = 5000`
    await within(client.query(`${settings}; LISTEN ${NOTIFICATIONS}`), withinMs, "PostgreSQL does not answer")
    return link
  } catch (cause) {
    drop(link)
    throw cause
  }
}

/** Runs a text; a connection over which it is not answered is given up. */
const run = async (link: Link, text: string, withinMs: number): Promise<Answer> => {
  try {
    const late = `PostgreSQL has not answered for ${(withinMs / 1000).toFixed(1)} s`
    const result: unknown = await within(link.client.query(text), withinMs, late)
    const parts = (Array.isArray(result) ? result : [result]) as ReadonlyArray<{
      readonly fields: ReadonlyArray<unknown>
      readonly rows: ReadonlyArray<{ readonly answer: unknown }>
    }>
    const last = parts.findLast(({ fields }) => fields.length > 0)
    return { kind: "done", answers: last?.rows.map(({ answer }) => answer) ?? [], connection: link.number }
  } catch (cause) {
    // PostgreSQL's own word: the transaction is rolled back. Any other end is the connection's.
    if (cause instanceof pg.DatabaseError && cause.severity !== "FATAL") return { kind: "refused", why: cause.message }
    link.isOver = true
    drop(link)
    return { kind: "unknown", why: whyOf(cause) }
  }
}

/**
 * @param told is called when another node, or this one, has changed something
 */
export const openNodeDatabase = (url: string, name: string, told: () => void): NodeDatabase => {
  let current: Promise<Link> | null = null
  let connections = 0

  /** The connection as it is, or a new one; who asks at the same time gets the same. */
  const linked = async (withinMs: number): Promise<Link> => {
    const before = current
    if (before !== null) {
      const link = await before
      if (!link.isOver) return link
    }
    if (current === before) current = connect({ url, name, told }, ++connections, withinMs)
    const made = current
    if (made === null) throw new Error("the connection is closed")
    try {
      return await made
    } catch (cause) {
      if (current === made) current = null
      throw cause
    }
  }

  return {
    ask: async (text, withinMs) => {
      let link: Link
      try {
        link = await linked(withinMs)
      } catch (cause) {
        return { kind: "refused", why: whyOf(cause) }
      }
      return await run(link, text, withinMs)
    },
    close: async () => {
      const link = await current?.catch(() => null)
      current = null
      if (link === null || link === undefined || link.isOver) return
      await within(link.client.end(), 500, "").catch(() => drop(link))
    },
  }
}
