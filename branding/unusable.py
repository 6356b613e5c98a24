"""What is wrong with an upload, as a sentence."""


class UnusablePicture(ValueError):
    """A file cannot be used as a picture; the English sentence, to be translated where it is shown.

    `values` fill its places.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values
