"""The verbs, one file each: options in, result out, everything on the way told to a Monitor."""
