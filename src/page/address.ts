import { useEffect, useState } from 'preact/hooks';

export type GoTo<Route> = (change: Partial<Route>, how?: 'push' | 'replace') => void;

/**
 * Keeps what is shown in the fragment of the address, after the #, so that back and forward work, and the address can be sent to others.
 */
export function useAddress<Route extends object>(
  parse: (hash: string) => Route,
  format: (route: Route) => string,
): [Route, GoTo<Route>] {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const read = (): void => setRoute(parse(location.hash));
    addEventListener('popstate', read);
    addEventListener('hashchange', read);
    return () => {
      removeEventListener('popstate', read);
      removeEventListener('hashchange', read);
    };
  }, []);
  const go: GoTo<Route> = (change, how = 'push') => {
    setRoute((now) => {
      const next = { ...now, ...change };
      const address = format(next);
      if (address !== location.hash) {
        if (how === 'push') history.pushState(null, '', address);
        else history.replaceState(null, '', address);
      }
      return next;
    });
  };
  return [route, go];
}
