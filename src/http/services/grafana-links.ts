/** Addresses of our dashboards in the reader's Grafana. A test compares their names with `grafana/src/links.ts`. */
export interface GrafanaLinks {
  /**
   * Address of a channel's dashboard.
   * @param product address of our pages, to which the dashboard links back, e.g. `http://127.0.0.1:8000`
   */
  readonly channel: (slug: string, product: string) => string
  /** Address of the dashboard of the machine and the service. */
  readonly host: (product: string) => string
}

/**
 * Makes the links.
 * @param url of Grafana, without a slash at the end
 */
export const grafanaLinks = (url: string): GrafanaLinks => {
  const dashboard = (uid: string, variables: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(
      Object.entries(variables).map(([name, value]): [string, string] => [`var-${name}`, value]),
    )
    return `${url}/d/${uid}?${query}`
  }
  return {
    channel: (channel, product) => dashboard("distributor-channel", { channel, product }),
    host: (product) => dashboard("distributor-host", { product }),
  }
}
