/** The permissions that AWS has to give, as policies of IAM to be copied. */

export interface Permission {
  readonly action: string
  /** What does not work without it. */
  readonly without: string
  /** `read` looks, `control` starts and stops, `extra` may be left out. */
  readonly part: "read" | "control" | "extra"
}

export const PERMISSIONS: ReadonlyArray<Permission> = [
  { action: "medialive:ListChannels", without: "no channel is shown", part: "read" },
  { action: "medialive:DescribeChannel", without: "there are no checks, prices and matches of outputs", part: "read" },
  { action: "medialive:ListAlerts", without: "alerts of MediaLive are not shown", part: "read" },
  { action: "cloudwatch:GetMetricData", without: "there are no figures of MediaLive over time", part: "extra" },
  { action: "pricing:GetProducts", without: "prices come from a short table", part: "extra" },
  { action: "medialive:StartChannel", without: "channels cannot be started from here", part: "control" },
  { action: "medialive:StopChannel", without: "channels cannot be stopped from here", part: "control" },
]

const statement = (sid: string, parts: ReadonlyArray<Permission["part"]>) => ({
  Sid: sid,
  Effect: "Allow",
  Action: PERMISSIONS.filter(({ part }) => parts.includes(part)).map(({ action }) => action),
  Resource: "*",
})

const policy = (...statements: ReadonlyArray<object>): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2)

/** For looking alone, and with the right to start and stop. Neither lets anything be changed or deleted. */
export const POLICIES = {
  read: policy(statement("DistributorLooks", ["read", "extra"])),
  control: policy(
    statement("DistributorLooks", ["read", "extra"]),
    statement("DistributorStartsAndStops", ["control"]),
  ),
} as const
