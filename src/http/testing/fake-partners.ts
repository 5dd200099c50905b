/** Partner links of fake outputs: there are none. */
import { Effect } from "effect"
import { NotFound } from "../../effects/model/Errors.ts"
import type { PartnerLinksService } from "../../effects/partners/PartnerLinks.ts"
import type { FakeWorld } from "./fake-world.ts"

export const fakePartners = ({ findOutput }: FakeWorld): PartnerLinksService => {
  const none = (id: string) => new NotFound({ kind: "partner link", ref: id })
  return {
    list: (ref, output) => Effect.as(findOutput(ref, output), []),
    create: (ref, output) => Effect.flatMap(findOutput(ref, output), () => none("of a fake")),
    revoke: (ref, output, id) => Effect.flatMap(findOutput(ref, output), () => none(id)),
    open: () => Effect.succeed(null),
  }
}
