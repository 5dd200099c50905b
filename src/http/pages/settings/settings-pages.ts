/** All settings pages. */
import type { Hono } from "hono"
import type { AppServices } from "../../services/services.ts"
import { accountPageRoutes } from "./account-pages.tsx"
import { configPageRoutes } from "./config-pages.tsx"
import { notificationPageRoutes } from "./notification-pages.tsx"
import { overviewRoutes } from "./overview-pages.tsx"
import { templatePageRoutes } from "./template-pages.tsx"

export const settingsRoutes = (app: Hono, services: AppServices): void => {
  overviewRoutes(app, services)
  accountPageRoutes(app, services)
  templatePageRoutes(app, services)
  notificationPageRoutes(app, services)
  configPageRoutes(app, services)
}
