// Puts the reader in place of the plain index of operations. What it shows is in the page; nothing comes from elsewhere.
(() => {
  const index = document.getElementById("reference");
  const { sources, keys } = JSON.parse(index.dataset.settings);
  const place = document.createElement("div");
  // The reader brings its own styles; those of the index would spoil them.
  document.querySelector("link[rel=stylesheet]").remove();
  document.body.replaceChildren(place);
  document.body.removeAttribute("class");
  const shown = ({ title, slug, url, prefers }) => ({
    title,
    slug,
    url,
    authentication: { preferredSecurityScheme: prefers, securitySchemes: keys },
    persistAuth: false,
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
  });
  Scalar.createApiReference(place, sources.map(shown));
})();
