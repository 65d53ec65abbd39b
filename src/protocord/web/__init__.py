"""Pages. Each view: one request, one call into the store, one template. Server-rendered, HTMX, no build step."""
