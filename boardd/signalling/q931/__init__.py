"""ISDN PRI (Q.921, Q.931) on libpri: `span.Q931Span` is one E1, `profile.Q931Profile` how its carrier has set it up."""
