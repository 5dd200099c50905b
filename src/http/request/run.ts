/** The one place where HTTP handlers run Effects, and where failures become answers. */
import { Cause, Duration, Effect, Either, Exit, Option, Runtime } from "effect"
import type { Context } from "hono"
import { Actor, Witness } from "../../effects/model/actor.ts"
import { type ApiError, makeProblem, type Problem, problemOf, problemResponse } from "./problem.ts"
import { witnessOf } from "./witness.ts"

/**
 * Time within which the control plane must answer; beyond it the request gets an error, so that automation does not
 * hang.
 */
const ANSWER_WITHIN = Duration.seconds(15)

export interface Runner {
  /**
   * Runs an Effect, for 15 s unless told otherwise, to its value or to the problem to show. Never rejects: a defect is
   * logged and becomes an `internal-error` without details.
   */
  readonly settle: <A>(
    c: Context,
    effect: Effect.Effect<A, ApiError>,
    within?: Duration.Duration,
  ) => Promise<Either.Either<A, Problem>>
  /** Runs an Effect and answers with its value, or with its problem as `application/problem+json`. */
  readonly run: <A>(
    c: Context,
    effect: Effect.Effect<A, ApiError>,
    answer: (value: A) => Response | Promise<Response>,
    within?: Duration.Duration,
  ) => Promise<Response>
  /** Logs a failure outside any Effect (a view that threw); the problem it returns reveals no internals. */
  readonly defect: (c: Context, error: unknown) => Promise<Problem>
}

const internalError = makeProblem("internal-error", "something went wrong inside the service; its log says what")

/** A path for the log: the token of a partner link is a secret. */
const withoutToken = (path: string): string => path.replace(/^\/partner\/.*/, "/partner/***")

export const makeRunner = (runtime: Runtime.Runtime<never>, callerOf: (c: Context) => string | null): Runner => {
  const log = (c: Context, cause: Cause.Cause<unknown>) =>
    Effect.logError(`${c.req.method} ${withoutToken(c.req.path)} failed`, cause).pipe(
      Effect.as(internalError),
      Runtime.runPromise(runtime),
    )

  const settle: Runner["settle"] = async (c, effect, within = ANSWER_WITHIN) => {
    const known = Effect.locally(Effect.locally(effect, Actor, callerOf(c) ?? "the operator"), Witness, witnessOf(c))
    const inTime = Effect.timeoutTo(known, {
      duration: within,
      onSuccess: Option.some,
      onTimeout: Option.none,
    })
    const exit = await Runtime.runPromiseExit(runtime)(inTime)
    if (Exit.isSuccess(exit)) {
      return Option.match(exit.value, {
        onSome: Either.right,
        onNone: () =>
          Either.left(
            makeProblem(
              "timeout",
              `no answer within ${Duration.toSeconds(within)} s; the request may still take effect`,
            ),
          ),
      })
    }
    const failure = Cause.failureOption(exit.cause)
    return Either.left(Option.isSome(failure) ? problemOf(failure.value) : await log(c, exit.cause))
  }

  return {
    settle,
    run: async (c, effect, answer, within) => {
      const result = await settle(c, effect, within)
      return Either.isRight(result) ? answer(result.right) : problemResponse(result.left, c.req.path)
    },
    defect: (c, error) => log(c, Cause.die(error)),
  }
}

/** Makes a function that logs errors from an emitter, where no Effect runs. */
export const makeReporter =
  (runtime: Runtime.Runtime<never>, message: string) =>
  (error: unknown): void =>
    void Runtime.runFork(runtime)(Effect.logError(message, Cause.die(error)))
