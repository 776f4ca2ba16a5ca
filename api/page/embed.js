// What the page around a frame says of it: `/embed?lang=de#identity_token=…`. The token stands behind the #, so that it is in no
// server's log, and is taken out of the address once it is read.

const identityToken = new URLSearchParams(location.hash.slice(1)).get('identity_token');
if (identityToken) {
  (window.FiidoDesk ??= []).push(['setUser', { identityToken }]);
  history.replaceState(null, '', location.pathname + location.search);
}
