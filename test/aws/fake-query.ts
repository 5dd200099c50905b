/** AWS's Query protocol, as STS speaks it, and CloudWatch to older tools: forms in, XML out unless JSON is asked for. */
import { randomUUID } from "node:crypto"

export interface QueryAsked {
  readonly headers: Headers
  readonly body: string
}

/** The operation that a form asks for; null for what is none. */
export const queryAction = ({ body }: Pick<QueryAsked, "body">): string | null =>
  new URLSearchParams(body).get("Action")

export const wantsXml = (asked: QueryAsked): boolean =>
  !asked.headers.has("x-amz-target") &&
  queryAction(asked) !== null &&
  !(asked.headers.get("accept") ?? "").includes("json")

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const HEADERS = { "Content-Type": "text/xml" }

export const xmlAnswer = (body: string): Response => new Response(body, { status: 200, headers: HEADERS })

export const xmlFailure = (status: number, type: string, message: string): Response =>
  new Response(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${escaped(type)}</Code><Message>${escaped(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
    { status, headers: HEADERS },
  )

export interface RoleKeys {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  /** Unix time in seconds. */
  readonly Expiration: number
}

/** The answer of `AssumeRole`, in JSON. */
export const roleAsJson = (arn: string, keys: RoleKeys) => ({
  AssumeRoleResponse: { AssumeRoleResult: { Credentials: keys, AssumedRoleUser: { Arn: arn } } },
})

export const roleAsXml = (arn: string, { Expiration, ...keys }: RoleKeys): string => {
  const members = Object.entries({ ...keys, Expiration: new Date(Expiration * 1000).toISOString() })
  const credentials = members.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join("")
  const result = `<AssumedRoleUser><Arn>${escaped(arn)}</Arn></AssumedRoleUser><Credentials>${credentials}</Credentials>`
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${result}</AssumeRoleResult></AssumeRoleResponse>`
}
