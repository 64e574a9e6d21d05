"""Sentences to learn languages from, and a guesser that knows them by their groups of three letters."""

import math
from collections import Counter

SENTENCES = {
    "Danish": (
        "Det er koldt i dag, og jeg vil gerne have en kop kaffe. Hvor kommer du fra, og hvad hedder din søster? Vi skal på arbejde i morgen tidlig."
        " Huset ligger tæt på floden, og om sommeren svømmer børnene der. Hvor er den gamle by, og hvornår går det næste tog?"
    ),
    "Dutch": (
        "Het is koud vandaag, en ik wil graag een kopje koffie. Waar kom je vandaan, en hoe heet je zuster? Wij moeten morgen vroeg naar het werk."
        " Het huis staat dicht bij de rivier, en in de zomer zwemmen de kinderen daar. Waar is de oude stad, en hoe laat gaat de volgende trein?"
    ),
    "English": (
        "It is cold today, and I would like a cup of coffee. Where do you come from, and what is the name of your sister? We have to go to work early tomorrow."
        " The house is near the river, and in summer the children swim there. Where is the old town, and when does the next train leave?"
    ),
    "Finnish": (
        "Tänään on kylmä, ja haluaisin kupin kahvia. Mistä sinä tulet, ja mikä on siskosi nimi? Meidän täytyy mennä huomenna aikaisin töihin."
        " Talo on lähellä jokea, ja kesällä lapset uivat siellä. Missä on vanha kaupunki, ja milloin seuraava juna lähtee?"
    ),
    "French": (
        "Il fait froid aujourd'hui, et je voudrais une tasse de café. D'où venez-vous, et comment s'appelle votre sœur ? Nous devons aller au travail tôt demain."
        " La maison est proche de la rivière, et les enfants y nagent en été. Où est la vieille ville, et quand part le prochain train ?"
    ),
    "German": (
        "Heute ist es kalt, und ich möchte gern eine Tasse Kaffee. Woher kommst du, und wie heißt deine Schwester? Wir müssen morgen früh zur Arbeit gehen."
        " Das Haus steht nahe am Fluss, und im Sommer schwimmen die Kinder dort. Wo ist die alte Stadt, und wann fährt der nächste Zug?"
    ),
    "Italian": (
        "Oggi fa freddo, e vorrei una tazza di caffè. Da dove vieni, e come si chiama tua sorella? Domani dobbiamo andare al lavoro presto."
        " La casa è vicina al fiume, e d'estate i bambini nuotano lì. Dov'è la città vecchia, e quando parte il prossimo treno?"
    ),
    "Polish": (
        "Dzisiaj jest zimno i chciałbym filiżankę kawy. Skąd jesteś i jak się nazywa twoja siostra? Jutro musimy iść wcześnie do pracy."
        " Dom stoi blisko rzeki, a latem dzieci tam pływają. Gdzie jest stare miasto i kiedy odjeżdża następny pociąg?"
    ),
    "Portuguese": (
        "Hoje está frio, e eu queria uma chávena de café. De onde vens, e como se chama a tua irmã? Amanhã temos de ir cedo para o trabalho."
        " A casa fica perto do rio, e no verão as crianças nadam lá. Onde fica a cidade velha, e quando parte o próximo comboio?"
    ),
    "Spanish": (
        "Hoy hace frío y quisiera una taza de café. ¿De dónde vienes y cómo se llama tu hermana? Mañana tenemos que ir temprano al trabajo."
        " La casa está cerca del río, y en verano los niños nadan allí. ¿Dónde está la ciudad vieja y cuándo sale el próximo tren?"
    ),
}


def triples(text: str) -> list[str]:
    padded = f" {' '.join(text.lower().split())} "
    return [padded[at : at + 3] for at in range(len(padded) - 2)]


class Guesser:
    """Naive Bayes over groups of three letters."""

    def __init__(self, sentences: dict[str, str]):
        self.counts = {language: Counter(triples(text)) for language, text in sentences.items()}
        self.known = len(set().union(*self.counts.values()))

    def guess(self, text: str) -> dict[str, float]:
        """How likely each language is, the likeliest first."""
        scores = {}
        for language, counts in self.counts.items():
            total = counts.total() + self.known
            scores[language] = sum(math.log((counts[triple] + 1) / total) for triple in triples(text))
        best = max(scores.values())
        odds = {language: math.exp(score - best) for language, score in scores.items()}
        likely = {language: odd / sum(odds.values()) for language, odd in odds.items()}
        return dict(sorted(likely.items(), key=lambda item: -item[1]))
