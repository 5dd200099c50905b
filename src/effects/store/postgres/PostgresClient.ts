/**
 * An @effect/sql client over one PostgreSQL connection that holds an advisory lock as long as it lives: for itself, or
 * together with the other nodes of several machines.
 *
 * One connection, as with SQLite: whoever has it has the lock, so that no statement ever runs beside another service on
 * the same database, not even after a connection was lost and made anew. It is made when a statement needs it and there
 * is none.
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as Client from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { makeCompiler } from "@effect/sql-pg/PgClient"
import { Effect, Layer, Redacted, Scope, Stream } from "effect"
import pg from "pg"
import { CommitUnanswered } from "./CommitUnanswered.ts"

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the options of node-postgres after a `?`. */
  readonly url: Redacted.Redacted
  /** How long a start waits for the lock of a service that is just ending, in ms. */
  readonly lockWaitMs?: number
  /**
   * True for a node: others may use the database at the same time. Transactions then take turns among all nodes, and
   * one that stands still loses its turn after 5 s.
   */
  readonly shared?: boolean
}

const CONNECT_WITHIN_MS = 5000
/** PostgreSQL's own limit for a statement, in ms; the connection is given up when not even that is answered. */
const STATEMENT_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 12_000
/** The time until the next attempt after a connection that failed, in ms: nobody waits for each of many attempts. */
const RETRY_AFTER_MS = 500
const CLOSE_WITHIN_MS = 1000
/** Between two tries to have the database alone, in ms. */
const TRY_AGAIN_MS = 100
/** The number of the store's advisory lock among those of the database: "dist" in ASCII. */
const LOCK = "0x64697374"
/** The number of the lock by which transactions of nodes take turns. */
const TURN = "0x64697375"
const STANDS_STILL_MS = 5000
const LOCK_TIMEOUT = "55P03"
const INT8 = 20

type Rows = ReadonlyArray<Record<string, unknown>>
interface Answer {
  readonly command: string
  readonly rows: Rows
}

const failure = (cause: unknown) =>
  new SqlError({ cause, message: cause instanceof Error ? cause.message : String(cause) })

/** PostgreSQL has no NUL in texts. Unpaired surrogates become U+FFFD as they are sent. */
const toParameter = (value: unknown) => (typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value)

/** PostgreSQL counts rows as bigint, which node-postgres reads as text; none of ours comes near 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
}

const ask = (client: pg.Client, text: string, params: ReadonlyArray<unknown> = []) =>
  new Promise<Answer>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`PostgreSQL has not answered for ${ANSWER_WITHIN_MS / 1000} s`))
      drop(client)
    }, ANSWER_WITHIN_MS)
    client.query<Record<string, unknown>>(text, params.map(toParameter)).then(
      ({ command, rows }) => {
        clearTimeout(timer)
        resolve({ command, rows })
      },
      (cause: unknown) => {
        clearTimeout(timer)
        reject(cause)
      },
    )
  })

/** Cuts the connection without a word to the server: an end that the server must answer would be waited for. */
const drop = (client: pg.Client) => {
  const { stream } = (
    client as unknown as { readonly connection: { readonly stream: { readonly destroy: () => void } } }
  ).connection
  stream.destroy()
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
const readable = (cause: unknown): unknown =>
  cause instanceof AggregateError && cause.message === ""
    ? new Error(cause.errors.map((e: Error) => e.message).join("; "))
    : cause

const TAKEN =
  "another distributor uses this database; stop it, give each its own database, or set NODES=on on all that share it"
const TAKEN_ALONE = "a distributor without NODES uses this database alone; stop it, or set NODES=on there, too"

const lockShared = (client: pg.Client): Promise<unknown> =>
  ask(client, `SELECT pg_advisory_lock_shared(${Number(LOCK)})`).catch((cause: unknown) => {
    const isTaken = cause instanceof pg.DatabaseError && cause.code === LOCK_TIMEOUT
    throw isTaken ? new Error(TAKEN_ALONE) : cause
  })

/** Tries again and again instead of waiting in PostgreSQL's queue: nodes would have to wait behind a start in vain. */
const lockAlone = async (client: pg.Client, waitMs: number): Promise<void> => {
  for (const until = performance.now() + waitMs; ; ) {
    const { rows } = await ask(client, `SELECT pg_try_advisory_lock(${Number(LOCK)}) AS taken`)
    if (rows[0]?.["taken"] === true) return
    if (performance.now() > until) throw new Error(TAKEN)
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
  }
}

const connect = async (url: string, lockWaitMs: number, shared: boolean): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: url,
    application_name: "distributor",
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    types,
  })
  // An error between statements needs no handling: the next statement meets the same end.
  client.on("error", () => {})
  try {
    await client.connect()
    // A client that has vanished must not hold the lock for the two hours of TCP's defaults.
    await ask(client, "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3")
    await ask(client, `SET statement_timeout = 0; SET lock_timeout = ${lockWaitMs}; SET synchronous_commit = on`)
    await (shared ? lockShared(client) : lockAlone(client, lockWaitMs))
    if (shared) await ask(client, `SET idle_in_transaction_session_timeout = ${STANDS_STILL_MS}`)
    await ask(client, `SET lock_timeout = 0; SET statement_timeout = ${STATEMENT_WITHIN_MS}`)
    return client
  } catch (cause) {
    drop(client)
    throw readable(cause)
  }
}

/** The one connection, made when it is needed and there is none. */
interface HeldConnection {
  /** The connection as it is, or a new one; after a failure it fails at once for a while. */
  readonly connected: Effect.Effect<pg.Client, SqlError>
  /** Not interruptible: what was sent is carried out, and the next statement waits for it. */
  readonly run: (client: pg.Client, text: string, params: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>
  /** Says goodbye to the server; a server that does not answer is left after `CLOSE_WITHIN_MS`. */
  readonly close: Effect.Effect<void>
}

const holdConnection = ({ lockWaitMs = 5000, shared = false, url }: PostgresOptions): HeldConnection => {
  let current: pg.Client | null = null
  let refused: { readonly untilMs: number; readonly cause: unknown } | null = null

  const heldOrNew = async () => {
    if (current !== null) return current
    if (refused !== null && performance.now() < refused.untilMs) throw refused.cause
    try {
      const client = await connect(Redacted.value(url), lockWaitMs, shared)
      client.once("end", () => {
        if (current === client) current = null
      })
      refused = null
      current = client
      return client
    } catch (cause) {
      refused = { untilMs: performance.now() + RETRY_AFTER_MS, cause }
      throw cause
    }
  }

  const answerOf = async (client: pg.Client, text: string, params: ReadonlyArray<unknown>) => {
    const answer = await ask(client, text, params).catch((cause: unknown) => {
      // An error that is not PostgreSQL's word is the end of the connection, though its end may not be noticed yet.
      if (!(cause instanceof pg.DatabaseError) || cause.severity === "FATAL") {
        if (current === client) current = null
        drop(client)
        if (text === "COMMIT") throw new CommitUnanswered(cause)
      }
      // A connection that is lost has rolled back by itself; the ROLLBACK that follows must not hide why.
      if (text === "ROLLBACK") return { command: text, rows: [] }
      throw cause
    })
    // A transaction in which a statement has failed answers COMMIT with ROLLBACK.
    if (text === "COMMIT" && answer.command !== "COMMIT") throw new Error("PostgreSQL has rolled the transaction back")
    return answer.rows
  }

  return {
    connected: Effect.uninterruptible(Effect.tryPromise({ try: heldOrNew, catch: failure })),
    run: (client, text, params) =>
      Effect.uninterruptible(Effect.tryPromise({ try: () => answerOf(client, text, params), catch: failure })),
    close: Effect.promise(async () => {
      const client = current
      current = null
      if (client === null) return
      const late = setTimeout(() => drop(client), CLOSE_WITHIN_MS)
      await client.end().catch(() => {})
      clearTimeout(late)
    }),
  }
}

/** @effect/sql's connection over a function that answers a statement with all of its rows. */
const connectionOf = (
  all: (text: string, params: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>,
): Connection => {
  const execute: Connection["execute"] = (text, params, transformRows) =>
    transformRows === undefined ? all(text, params) : Effect.map(all(text, params), (rows) => transformRows(rows))
  return {
    execute,
    executeRaw: all,
    executeValues: (text, params) => Effect.map(all(text, params), (rows) => rows.map((row) => Object.values(row))),
    executeUnprepared: execute,
    executeStream: () => Stream.dieMessage("streams of rows are not supported"),
  }
}

const make = (options: PostgresOptions) =>
  Effect.gen(function* () {
    const { close, connected, run } = holdConnection(options)
    yield* Effect.addFinalizer(() => close)
    yield* connected

    const semaphore = yield* Effect.makeSemaphore(1)
    const single = connectionOf((text, params) =>
      semaphore.withPermits(1)(Effect.flatMap(connected, (client) => run(client, text, params))),
    )
    const transactionAcquirer = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(semaphore.take(1))
        // Nobody closes the scope of a transaction that did not get its connection.
        const client = yield* Effect.tapErrorCause(connected, () => semaphore.release(1))
        yield* Scope.addFinalizer(yield* Effect.scope, semaphore.release(1))
        const own = (text: string, params: ReadonlyArray<unknown>) => run(client, text, params)
        // The first statement of a transaction waits for those of other nodes.
        const inTurn = (text: string, params: ReadonlyArray<unknown>) =>
          text === "BEGIN" && options.shared === true
            ? Effect.zipRight(own(text, params), own(`SELECT pg_advisory_xact_lock(${Number(TURN)})`, []))
            : own(text, params)
        return connectionOf(inTurn)
      }),
    )
    return yield* Client.make({
      acquirer: Effect.succeed(single),
      transactionAcquirer,
      compiler: makeCompiler(),
      spanAttributes: [["db.system.name", "postgresql"]],
    })
  })

/**
 * A SQL client for one PostgreSQL database, closed with the layer. Fails when there is no connection, or another
 * service has the lock.
 */
export const layer = (options: PostgresOptions): Layer.Layer<Client.SqlClient, SqlError> =>
  Layer.scoped(Client.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))
