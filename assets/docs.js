// Puts the reader in place of the plain index of operations. What it shows is in the page; nothing comes from elsewhere.
(() => {
  const index = document.getElementById("reference");
  const { sources, keys } = JSON.parse(index.dataset.settings);
  const place = document.createElement("div");
  document.body.replaceChildren(place);
  document.body.className = "reader";
  Scalar.createApiReference(place, {
    sources,
    authentication: { securitySchemes: keys },
    persistAuth: false,
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
  });
})();
