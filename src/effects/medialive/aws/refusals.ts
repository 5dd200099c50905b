/**
 * Why AWS refuses, by status and by the name of the error: MediaLive says it by statuses (403, 429), services that
 * speak JSON 1.0 and 1.1 (CloudWatch, the price list) answer 400 and name it.
 */
import type { AwsFailed } from "../../model/Errors.ts"

type Refusal = Pick<AwsFailed, "code" | "status">

/** Too many requests. */
export const isThrottled = ({ code, status }: Refusal): boolean =>
  status === 429 || /^(?:Throttling|TooManyRequests|RequestLimitExceeded)/.test(code)

/** A permission is missing, or the keys are not valid (any more). */
export const isDenied = ({ code, status }: Refusal): boolean =>
  status === 403 ||
  /^(?:AccessDenied|NotAuthorized|UnrecognizedClient|ExpiredToken|InvalidSignature|InvalidClientTokenId)/.test(code)
