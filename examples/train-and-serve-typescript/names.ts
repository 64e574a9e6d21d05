export const rivers = words(`
  Amazon Amur Angara Arkansas Brahmaputra Churchill Colorado Columbia Congo Danube Darling Dnieper Dniester Don
  Douro Ebro Elbe Euphrates Fraser Gambia Ganges Garonne Godavari Indus Irrawaddy Irtysh Jordan Kama Kolyma Krishna
  Lena Limpopo Loire Mackenzie Madeira Magdalena Marne Mekong Mississippi Missouri Moselle Murray Narmada Neva Niger
  Nile Oder Ohio Okavango Orange Oranje Orinoco Paraguay Parana Pechora Potomac Purus Rhine Rhone Sacramento Salween
  Saskatchewan Savannah Senegal Severn Shannon Tagus Tennessee Thames Tiber Tigris Ural Vistula Volga Volta Weser
  Yangtze Yellowstone Yenisei Yukon Zambezi
`);

export const minerals = words(`
  Agate Albite Amazonite Amethyst Anatase Andalusite Anhydrite Apatite Aragonite Augite Azurite Barite Beryl Biotite
  Bornite Brucite Calcite Cassiterite Celestine Chalcocite Chalcopyrite Chlorite Chromite Chrysoberyl Cinnabar
  Cobaltite Columbite Cordierite Corundum Covellite Cuprite Diopside Dolomite Enstatite Epidote Fluorite Galena
  Garnet Goethite Graphite Gypsum Halite Hematite Hornblende Ilmenite Jadeite Kaolinite Kyanite Labradorite Lazurite
  Magnesite Magnetite Malachite Marcasite Microcline Molybdenite Monazite Muscovite Nepheline Olivine Opal Orthoclase
  Pyrite Pyrolusite Quartz Rhodonite Rutile Scheelite Serpentine Siderite Sodalite Sphalerite Spinel Stibnite Talc
  Titanite Topaz Tourmaline Turquoise Uraninite Vesuvianite Wolframite Wollastonite Zeolite Zircon Zoisite
`);

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
