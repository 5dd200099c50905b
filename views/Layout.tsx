/** @jsxImportSource hono/jsx */
import { raw } from "hono/html"
import type { Child } from "hono/jsx"

export interface LayoutProps {
  readonly title: string
  readonly children: Child
}

/** The frame of every page. No inline script or style: the content security policy allows none. */
export const Layout = ({ title, children }: LayoutProps) => (
  <>
    {raw("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content="includeIndicatorCSS:false" />
        <title>{title}</title>
        <link rel="stylesheet" href="/static/style.css" />
        <link rel="icon" href="data:," />
        <script src="/static/htmx.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the channels
        </a>
        {children}
      </body>
    </html>
  </>
)
