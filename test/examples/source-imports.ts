/** The examples import `sluice` as users do; here that is this checkout's source, with nothing built. */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "sluice" || specifier.startsWith("sluice/")
      ? next(specifier, { ...context, conditions: [...context.conditions, "sluice-source"] })
      : next(specifier, context),
});
