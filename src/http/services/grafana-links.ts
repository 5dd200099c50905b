/** Addresses of our dashboards in the reader's Grafana. `grafana/src/links.ts` has the same names; a test compares them. */
export interface GrafanaLinks {
  /** @param product where the pages are that the dashboard is to link back to, e.g. `http://127.0.0.1:8000` */
  readonly channel: (slug: string, product: string) => string
  /** Of the machine and the service. */
  readonly host: (product: string) => string
}

/** @param url of Grafana, without a slash at its end */
export const grafanaLinks = (url: string): GrafanaLinks => {
  const dashboard = (uid: string, variables: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(Object.entries(variables).map(([name, value]): [string, string] => [`var-${name}`, value]))
    return `${url}/d/${uid}?${query}`
  }
  return {
    channel: (channel, product) => dashboard("distributor-channel", { channel, product }),
    host: (product) => dashboard("distributor-host", { product }),
  }
}
