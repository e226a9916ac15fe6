"""libshpa3, the Synway driver library, as its fact sheet describes it; the C shim beside this is its outside."""
