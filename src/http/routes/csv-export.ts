/**
 * Rows as a CSV that is read page by page while it is sent: an export is evidence, so it holds all that matches, and a
 * download that fails half way is seen to fail.
 */
import { type Effect, Either } from "effect"
import type { Context } from "hono"
import { type ApiError, type Problem, problemResponse } from "../request/problem.ts"
import type { Runner } from "../request/run.ts"
import { type CsvColumn, csvHeaders, csvLines, csvOf } from "./csv.ts"

/** Rows that are read from the store at a time. */
export const PAGE = 1000

export interface CsvExport<A> {
  /** Name of the file. */
  readonly name: string
  readonly columns: ReadonlyArray<CsvColumn<A>>
  /** Most rows; undefined for all. */
  readonly limit: number | undefined
  /** Up to `limit` rows below the id `before`, newest first. */
  readonly page: (place: {
    readonly limit: number
    readonly before?: number | undefined
  }) => Effect.Effect<ReadonlyArray<A>, ApiError>
  /** Where the first page begins. */
  readonly before: number | undefined
}

/** Answers with the CSV, or with the problem where the first page cannot be read. */
export const csvExport = async <A extends { readonly id: number }>(
  c: Context,
  { settle }: Pick<Runner, "settle">,
  { before, columns, limit = Number.POSITIVE_INFINITY, name, page }: CsvExport<A>,
): Promise<Response> => {
  let left = limit
  const next = async (from: number | undefined): Promise<Either.Either<ReadonlyArray<A>, Problem>> => {
    const found = await settle(c, page({ limit: Math.min(PAGE, left), before: from }))
    if (Either.isRight(found)) left -= found.right.length
    return found
  }
  const first = await next(before)
  if (Either.isLeft(first)) return problemResponse(first.left, c.req.path)
  const encoder = new TextEncoder()
  let last = first.right
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(csvOf(columns, last))),
    pull: async (controller) => {
      if (last.length < PAGE || left <= 0) return controller.close()
      const found = await next(last.at(-1)?.id)
      if (Either.isLeft(found)) return controller.error(new Error(found.left.detail))
      last = found.right
      if (last.length === 0) return controller.close()
      controller.enqueue(encoder.encode(csvLines(columns, last)))
    },
  })
  return c.body(body, 200, csvHeaders(name))
}
