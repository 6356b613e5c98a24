/* The management API's document to read; the assets are ours, nothing is asked of anybody else. */
SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
