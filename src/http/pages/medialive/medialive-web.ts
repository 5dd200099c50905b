/** The whole HTTP side of MediaLive, loaded only where it is switched on. */
import { Effect } from "effect"
import { besideItems } from "../../../../views/medialive/Beside.tsx"
import type { MediaLiveService } from "../../../effects/medialive/medialive-service.ts"
import { medialiveRoutes } from "../../routes/medialive.ts"
import type { MediaLiveWeb } from "../../services/medialive-web.ts"
import { actionPageRoutes } from "./action-pages.tsx"
import { connectionPageRoutes } from "./connection-pages.tsx"
import { costPageRoutes } from "./cost-pages.tsx"
import { listPageRoutes } from "./list-pages.tsx"

export const medialiveWeb = (service: MediaLiveService): MediaLiveWeb => ({
  service,
  routes: (app, services) => {
    medialiveRoutes(app, service, services)
    listPageRoutes(app, service, services)
    actionPageRoutes(app, service, services)
    costPageRoutes(app, service, services)
    connectionPageRoutes(app, service, services)
  },
  beside: (channel, mayAct) =>
    service.ofChannel(channel.id).pipe(
      Effect.map((view) => besideItems(view, channel, mayAct)),
      // The channel went while its page was rendered: the page itself will say so.
      Effect.orElseSucceed(() => []),
    ),
})
