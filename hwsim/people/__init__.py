"""People at telephones: they judge what they hear by its sound alone and note what they do in the truth log."""
